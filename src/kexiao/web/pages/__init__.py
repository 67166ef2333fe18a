"""One folder a page: ``view.py``, ``urls.py`` (``urlpatterns``, and ``ENTRY`` for the navigation), ``page.html``. A new page is a new folder."""
