"""The web app: Django at the edge. Views read input, call one function of the cycle and render; nothing here computes a number.

``settings`` and ``serving`` start it, ``records`` holds people and jobs, ``pages`` one folder a page, ``parts`` what pages share, ``static`` our own
style and script. ECharts and htmx come from ``kexiao/report/vendor``, where ``make assets`` puts them.
"""
