"""Parts of pages: the layout, template tags for words, numbers and figures, failure and empty states."""
