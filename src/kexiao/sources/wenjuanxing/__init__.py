"""问卷星 (Wenjuanxing surveys), by its open API."""
