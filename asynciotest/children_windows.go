package asynciotest

// waitForInput is a command of the shell's that ends when its input does.
const waitForInput = "set /p line="

// killedCode is what a child has ended with that was ended from here.
const killedCode = 1
