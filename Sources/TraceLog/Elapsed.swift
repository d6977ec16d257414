/// Nanoseconds between two times of the log; zero where they run backwards, which a damaged log may claim.
package func elapsed(_ start: UInt64, _ end: UInt64) -> UInt64 { end > start ? end - start : 0 }
