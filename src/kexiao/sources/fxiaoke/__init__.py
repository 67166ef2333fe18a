"""纷享销客 (Fxiaoke CRM), by its open API."""
