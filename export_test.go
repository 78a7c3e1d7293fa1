package asyncio

// UnderWine reports whether the tests run under Wine.
var UnderWine = underWine
