"""Chunks that text splitters cut for retrieval."""

import importlib.util

from corpus import TEXTS
from outputs import emit

LONG = "\n\n".join(TEXTS)
found = {}
if importlib.util.find_spec("langchain_text_splitters"):
    from langchain_text_splitters import MarkdownHeaderTextSplitter, RecursiveCharacterTextSplitter

    found["recursive"] = RecursiveCharacterTextSplitter(
        chunk_size=160, chunk_overlap=30
    ).split_text(LONG)
    heads = MarkdownHeaderTextSplitter([("#", "one"), ("##", "two")])
    found["heads"] = [
        str(d) for d in heads.split_text("# A\ntext\n## B\n- x\n\n```\n# no\n```\nend")
    ]
if importlib.util.find_spec("nltk"):
    from nltk.stem import PorterStemmer, SnowballStemmer
    from nltk.tokenize import TweetTokenizer, wordpunct_tokenize

    found["stems"] = [PorterStemmer().stem(w) for w in LONG.split()]
    found["german"] = [SnowballStemmer("german").stem(w) for w in LONG.split()]
    found["words"] = [wordpunct_tokenize(t) for t in TEXTS]
    found["tweets"] = [TweetTokenizer().tokenize(t) for t in TEXTS]
if importlib.util.find_spec("jieba"):
    import jieba

    jieba.setLogLevel(60)
    found["jieba"] = [list(jieba.cut(t)) for t in TEXTS]
if importlib.util.find_spec("regex"):
    import regex

    found["graphemes"] = [regex.findall(r"\X", t) for t in TEXTS]
    found["letters"] = [regex.findall(r"\p{L}+|\p{N}+", t) for t in TEXTS]
emit(found)
