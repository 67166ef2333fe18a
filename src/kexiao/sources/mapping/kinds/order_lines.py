"""Order lines in a sheet of their own, beside the sheet of orders."""

from kexiao.sources.mapping.kinds.orders import LINES_OF_ORDERS

KIND = LINES_OF_ORDERS
