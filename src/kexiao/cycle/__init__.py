"""One verb a file: collect, measure, explain, model, assess, improve, review. ``Workspace`` offers them to notebooks."""
