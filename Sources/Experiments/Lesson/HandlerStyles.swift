import ChainModel
import Dashboard
package import Lessons

/// The gateway's orchestrated request as it is written in each style.
package enum HandlerStyles {
  /// One for each IO model; two of them run the same code.
  package static func shapes() -> [CodeShape] {
    IOModel.allCases.compactMap { model in
      HandlerCode.ofGateway(model).map { CodeShape(style: model.rawValue, code: $0.text) }
    }
  }

  /// For the checks of lessons: `code.lines(callbacks)` and so on, by the function's name.
  package static func figures() -> [String: Double] {
    var figures: [String: Double] = [:]
    for model in IOModel.allCases {
      guard let code = HandlerCode.ofGateway(model) else { continue }
      let shape = CodeShape(style: code.function, code: code.text)
      figures["code.lines(\(code.function))"] = Double(shape.lines)
      figures["code.nesting(\(code.function))"] = Double(shape.nesting)
      figures["code.error_hand_offs(\(code.function))"] = Double(shape.errorHandOffs)
      figures["code.waits(\(code.function))"] = Double(shape.waits)
    }
    return figures
  }
}
