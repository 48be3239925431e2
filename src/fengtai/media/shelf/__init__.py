"""The segment shelf: hour files, their packed index, the journal, recovery. See docs/design/segment-shelf.md."""
