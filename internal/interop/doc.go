// Package interop has the loop's TLS speak with what others have written: openssl, curl, nginx
// and CPython's ssl. Its tests need those programs, and run where ASYNCIO_INTEROP=1 says that
// they are there, as step interop of .ci/run does.
package interop
