"""Rich text: HTML of an editor, made safe before it is kept."""
