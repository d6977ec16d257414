import CPlatform

/// What `ps`, `top` and `pgrep` call a process.
package enum ProcessName {
  /// Gives this process a name, of which the kernel keeps 15 bytes.
  package static func set(_ name: String) { chain_set_process_name(name) }
}
