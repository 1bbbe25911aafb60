#include "compiler/support/Diagnostics.h"

#include <cstdlib>

namespace ashlar {

llvm::StringRef Diagnostics::add(llvm::StringRef name, llvm::StringRef text) {
  return add(llvm::MemoryBuffer::getMemBufferCopy(text, name));
}

llvm::StringRef Diagnostics::add(std::unique_ptr<llvm::MemoryBuffer> buffer) {
  llvm::StringRef text = buffer->getBuffer();
  manager.AddNewSourceBuffer(std::move(buffer), llvm::SMLoc());
  return text;
}

void Diagnostics::print(llvm::SMLoc at, llvm::SourceMgr::DiagKind kind, const llvm::Twine &text) {
  manager.PrintMessage(out, at, kind, text, {}, {}, out.has_colors());
}

void Diagnostics::error(Exit code, llvm::SMLoc at, const llvm::Twine &text) {
  if (!failed())
    first = code;
  print(at, llvm::SourceMgr::DK_Error, text);
}

void Diagnostics::error(Exit code, llvm::StringRef file, const llvm::Twine &text) {
  if (!failed())
    first = code;
  out << (file.empty() ? "ashlar" : file) << ": error: " << text << '\n';
}

void Diagnostics::warning(llvm::SMLoc at, const llvm::Twine &text) {
  print(at, llvm::SourceMgr::DK_Warning, text);
}

void Diagnostics::warning(llvm::StringRef file, const llvm::Twine &text) {
  out << (file.empty() ? "ashlar" : file) << ": warning: " << text << '\n';
}

void Diagnostics::note(llvm::SMLoc at, const llvm::Twine &text) {
  print(at, llvm::SourceMgr::DK_Note, text);
}

void Diagnostics::note(const llvm::Twine &text) { out << "note: " << text << '\n'; }

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
