package main

// decoded tells that --lines knows this processor's instructions.
const decoded = true
