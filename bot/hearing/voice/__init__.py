"""Is somebody speaking? And is it the bot's own voice, coming back?"""
