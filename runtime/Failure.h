/// What went wrong in an app, for the person who must act: the exit code and the words.
#pragma once

#include <string>

namespace ashlar {

/// The same numbers as the compiler's.
enum class ExitCode : int { Done = 0, BadInput = 1, DoesNotFit = 2, InputOutput = 4 };

struct Failure {
  ExitCode code = ExitCode::Done;
  std::string text; // "no weights: …"
  std::string note; // the way out; may be empty

  explicit operator bool() const { return code != ExitCode::Done; }
};

} // namespace ashlar
