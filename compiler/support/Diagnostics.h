/// How the compiler speaks about what is wrong.
///
/// A user's mistake is reported here, with the place where it stands and the way out, and the
/// function that found it returns an empty result. The first error decides the exit code. A broken
/// promise of our own is a different thing: `internalError` says so and ends with code 70.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

#include <memory>
#include <string>
#include <vector>

namespace ashlar {

/// Exit codes of the tool: a contract with scripts and build systems.
enum class Exit : int {
  Done = 0,
  BadInput = 1,    // wrong use, or a malformed file
  DoesNotFit = 2,  // a memory is too small for the request
  Mismatch = 3,    // checkpoint and spec disagree
  InputOutput = 4, // a file cannot be read or written
  Internal = 70,   // our bug
};

enum class Severity : uint8_t { Error, Warning, Note };
llvm::StringRef name(Severity severity);

/// A message as it was given, for those who compare rather than read.
struct Message {
  Severity severity = Severity::Error;
  std::string file;  // as it is printed; empty where there is none
  unsigned line = 0; // 0 where there is none
  std::string text;
  llvm::StringRef piece; // of a divided file, to which it belongs; null where none is divided
};

class Diagnostics {
public:
  explicit Diagnostics(llvm::raw_ostream &out = llvm::errs()) : out(out) {}

  /// Takes a text into the source manager, so that places in it can be shown with a caret. The
  /// name is what diagnostics print. The returned text lives as long as the diagnostics.
  llvm::StringRef add(llvm::StringRef name, llvm::StringRef text);
  /// The same for a file, which is remembered.
  llvm::StringRef add(std::unique_ptr<llvm::MemoryBuffer> file);

  /// `file:line:col: error: text`, the line and a caret.
  void error(Exit code, llvm::SMLoc at, const llvm::Twine &text);
  /// `file: error: text`, where there is no line to show; `ashlar: error: text` without a file.
  void error(Exit code, llvm::StringRef file, const llvm::Twine &text);
  void warning(llvm::SMLoc at, const llvm::Twine &text);
  void warning(llvm::StringRef file, const llvm::Twine &text);
  /// Belongs to the message before it: the way out, or the other place.
  void note(llvm::SMLoc at, const llvm::Twine &text);
  void note(const llvm::Twine &text);

  /// From now on messages are about this piece of a text that was added, and nothing has failed.
  void enter(llvm::StringRef piece);

  bool failed() const { return wrong; }
  /// The code of the first error, or `Done`.
  Exit exit() const { return first; }

  llvm::SourceMgr &sources() { return manager; }
  /// From now on messages are kept instead of printed.
  void collect() { collecting = true; }
  const std::vector<Message> &messages() const { return collected; }
  /// The paths of the files whose text was taken in, in that order.
  const std::vector<std::string> &files() const { return taken; }

private:
  llvm::StringRef take(std::unique_ptr<llvm::MemoryBuffer> buffer);
  void fail(Exit code);
  void say(Severity severity, llvm::SMLoc at, const llvm::Twine &text);
  void say(Severity severity, llvm::StringRef file, const llvm::Twine &text);

  llvm::raw_ostream &out;
  llvm::SourceMgr manager;
  std::vector<std::string> taken;
  bool collecting = false;
  std::vector<Message> collected;
  llvm::StringRef piece;
  bool wrong = false;
  Exit first = Exit::Done;
};

/// Says which promise of ours is broken and leaves with exit code 70.
[[noreturn]] void internalError(const llvm::Twine &text);

/// The known name nearest to a misspelt one, or nothing when none is near.
llvm::StringRef nearest(llvm::StringRef name, llvm::ArrayRef<llvm::StringRef> known);

} // namespace ashlar
