"""What a person sees in a real browser. Everything behind the browser is the web tests' small world."""
