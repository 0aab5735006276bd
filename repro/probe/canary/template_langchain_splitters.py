"""Where LangChain's splitters cut a document."""

from . import documents

NEEDS = ("langchain-text-splitters",)
FAMILY = "template"
IMPACTS = ("prompt",)
COVERS = ("python.package:langchain-text-splitters",)

TEXT = """# Title

First paragraph, of two sentences. The second one is longer than the first, é.

## Part

- one
- two

```python
def f(x):
    return x
```
Last\u00a0line  with   spaces. 中文没有空格的句子。
"""


def run(case, job):
    import langchain_text_splitters as splitters

    def recursive(size, overlap):
        made = splitters.RecursiveCharacterTextSplitter(chunk_size=size, chunk_overlap=overlap)
        return made.split_text(TEXT)

    for size, overlap in ((40, 0), (60, 20), (15, 5)):
        title = "recursive %d %d" % (size, overlap)
        case(title, lambda size=size, overlap=overlap: recursive(size, overlap))
    case(
        "character",
        lambda: splitters.CharacterTextSplitter(chunk_size=50, chunk_overlap=0).split_text(TEXT),
    )
    case("markdown", lambda: headers(splitters))
    case(
        "python",
        lambda: splitters.PythonCodeTextSplitter(chunk_size=30, chunk_overlap=0).split_text(TEXT),
    )
    case("html", lambda: pieces(splitters))


def pieces(splitters):
    told = {"chunk_size": 80, "chunk_overlap": 0}
    made = splitters.RecursiveCharacterTextSplitter.from_language("html", **told)
    return made.split_text(documents.HTML)


def headers(splitters):
    marks = [("#", "one"), ("##", "two")]
    found = splitters.MarkdownHeaderTextSplitter(marks).split_text(TEXT)
    return [[part.page_content, part.metadata] for part in found]
