#include "compiler/support/InputFile.h"

#include "compiler/support/Files.h"

#include <algorithm>

namespace ashlar {

static constexpr llvm::StringLiteral Divider = "// -----";

std::optional<llvm::StringRef> readText(const InputFile &file, Bytes limit, Diagnostics &diags) {
  return file.piece ? file.piece : readText(file.path, limit, diags);
}

/// Where the next line that divides begins, or the text ends.
static size_t findDivider(llvm::StringRef text, size_t from) {
  while (from < text.size()) {
    size_t end = std::min(text.find('\n', from), text.size());
    if (text.slice(from, end).rtrim() == Divider)
      return from;
    from = end + 1;
  }
  return text.size();
}

std::string
forEachPiece(const std::string &path, llvm::StringRef text, Diagnostics &diags,
             llvm::function_ref<void(const InputFile &piece, llvm::raw_ostream &out)> work) {
  std::string result;
  llvm::raw_string_ostream out(result);
  size_t number = 0;
  for (size_t begin = 0; begin != llvm::StringRef::npos;) {
    size_t divider = findDivider(text, begin);
    llvm::StringRef piece = text.slice(begin, divider);
    diags.enter(piece);
    if (number++)
      out << Divider << '\n';
    work({path + " part " + std::to_string(number), piece}, out);
    bool last = divider == text.size();
    begin = last ? llvm::StringRef::npos : std::min(text.find('\n', divider), text.size() - 1) + 1;
  }
  return result;
}

} // namespace ashlar
