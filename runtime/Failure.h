/// What went wrong in an app, for the person who must act: the exit code and the words.
#pragma once

#include <string>

namespace ashlar {

/// The same numbers as the compiler's, and those of shells for a program that a signal ended.
enum class ExitCode : int {
  Done = 0,
  BadInput = 1,
  DoesNotFit = 2,
  InputOutput = 4,
  Interrupted = 130, // SIGINT
  Terminated = 143,  // SIGTERM
};

struct Failure {
  ExitCode code = ExitCode::Done;
  std::string text; // "no weights: …"; empty: all is said
  std::string note; // the way out; may be empty

  explicit operator bool() const { return code != ExitCode::Done; }
};

/// What a file says, as it may go to a terminal: ASCII without control characters.
inline std::string forTerminal(std::string text) {
  for (char &c : text)
    if (c < 0x20 || c > 0x7e)
      c = '?';
  return text;
}

} // namespace ashlar
