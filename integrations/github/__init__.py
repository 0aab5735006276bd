"""The steps of the action for GitHub: see action.yml."""
