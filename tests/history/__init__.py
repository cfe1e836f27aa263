"""Commands of many, through two processes at once, and a judge of what came of them."""
