package simulated

// Shares is how finely shares are drawn: of so many possibilities those below the share's part
// mean that it happens. Nothing else has as many.
const Shares = scale
