#include "compiler/support/Diagnostics.h"

#include "runtime/text/Utf8.h"

#include <algorithm>
#include <cstdlib>

namespace ashlar {

llvm::StringRef Diagnostics::add(llvm::StringRef name, llvm::StringRef text) {
  return take(llvm::MemoryBuffer::getMemBufferCopy(text, name));
}

llvm::StringRef Diagnostics::add(std::unique_ptr<llvm::MemoryBuffer> file) {
  remember(file->getBufferIdentifier());
  return take(std::move(file));
}

llvm::StringRef Diagnostics::take(std::unique_ptr<llvm::MemoryBuffer> buffer) {
  llvm::StringRef text = buffer->getBuffer();
  manager.AddNewSourceBuffer(std::move(buffer), llvm::SMLoc());
  return text;
}

static constexpr size_t MaxLine = 160;
static constexpr size_t MaxText = 20000;

static bool isControl(uint32_t c) { return c < ' ' || (c >= 0x7f && c < 0xa0); }

/// Text that may quote a file: what could drive a terminal becomes question marks.
static std::string printable(llvm::StringRef text) {
  std::string result;
  for (std::string_view rest = text.take_front(MaxText); !rest.empty();) {
    CodePoint c = firstCodePoint(rest);
    if (c.value == '\t')
      result += ' ';
    else if (c.value != '\n' && isControl(c.value)) // what is invalid has no value
      result.append(c.bytes, '?');
    else
      result += rest.substr(0, c.bytes);
    rest.remove_prefix(c.bytes);
  }
  return result;
}

llvm::StringRef name(Severity severity) {
  static constexpr llvm::StringRef names[] = {"error", "warning", "note"};
  return names[static_cast<size_t>(severity)];
}

void Diagnostics::say(Severity severity, llvm::SMLoc at, const llvm::Twine &text) {
  llvm::SMDiagnostic message = manager.GetMessage(at, llvm::SourceMgr::DK_Error, text);
  if (collecting) {
    collected.push_back({severity, message.getFilename().str(),
                         static_cast<unsigned>(message.getLineNo()), message.getMessage().str(),
                         piece});
    return;
  }
  size_t column = size_t(std::max(message.getColumnNo(), 0));
  out << printable(message.getFilename()) << ':' << message.getLineNo() << ':' << column + 1 << ": "
      << name(severity) << ": " << printable(message.getMessage()) << '\n';
  // A long line (a minified file, say) is shown around the place only.
  llvm::StringRef line = message.getLineContents();
  size_t from = line.size() > MaxLine && column > MaxLine / 2 ? column - MaxLine / 2 : 0;
  out << printable(line.substr(from, MaxLine)) << '\n' << std::string(column - from, ' ') << "^\n";
}

void Diagnostics::say(Severity severity, llvm::StringRef file, const llvm::Twine &text) {
  if (collecting)
    collected.push_back({severity, file.str(), 0, text.str(), piece});
  else if (severity == Severity::Note)
    out << "note: " << printable(text.str()) << '\n';
  else
    out << (file.empty() ? "ashlar" : printable(file)) << ": " << name(severity) << ": "
        << printable(text.str()) << '\n';
}

void Diagnostics::enter(llvm::StringRef next) {
  piece = next;
  wrong = false;
}

void Diagnostics::fail(Exit code) {
  wrong = true;
  if (first == Exit::Done)
    first = code;
}

void Diagnostics::error(Exit code, llvm::SMLoc at, const llvm::Twine &text) {
  fail(code);
  say(Severity::Error, at, text);
}

void Diagnostics::error(Exit code, llvm::StringRef file, const llvm::Twine &text) {
  fail(code);
  say(Severity::Error, file, text);
}

void Diagnostics::warning(llvm::SMLoc at, const llvm::Twine &text) {
  say(Severity::Warning, at, text);
}

void Diagnostics::warning(llvm::StringRef file, const llvm::Twine &text) {
  say(Severity::Warning, file, text);
}

void Diagnostics::note(llvm::SMLoc at, const llvm::Twine &text) { say(Severity::Note, at, text); }

void Diagnostics::note(const llvm::Twine &text) { say(Severity::Note, "", text); }

void internalError(const llvm::Twine &text) {
  llvm::errs() << "ashlar: internal error: " << text
               << "\nnote: this is a bug of ours, not of your input; please report it with the "
                  "command line\n";
  std::exit(static_cast<int>(Exit::Internal));
}

llvm::StringRef nearest(llvm::StringRef name, llvm::ArrayRef<llvm::StringRef> known) {
  llvm::StringRef best;
  unsigned distance = name.size() < 4 ? 1 : 3; // further away is another word, not a slip
  for (llvm::StringRef candidate : known) {
    unsigned d = name.edit_distance(candidate, /*AllowReplacements=*/true, distance);
    if (d <= distance && (best.empty() || d < distance)) {
      best = candidate;
      distance = d;
    }
  }
  return best;
}

} // namespace ashlar
