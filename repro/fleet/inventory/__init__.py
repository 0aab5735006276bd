"""Inventories of Ansible, read without Ansible."""
