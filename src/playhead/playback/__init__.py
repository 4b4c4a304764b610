"""The pages and the player: what a person sees of a video."""
