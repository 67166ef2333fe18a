"""Where data come from 来源: one folder a system or file family. Sources write canonical tables and know nothing of what is computed."""
