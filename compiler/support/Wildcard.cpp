#include "compiler/support/Wildcard.h"

namespace ashlar {

bool matches(llvm::StringRef pattern, llvm::StringRef name) {
  size_t p = 0, n = 0, star = llvm::StringRef::npos, resume = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = n;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != llvm::StringRef::npos) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  return pattern.substr(p).find_first_not_of('*') == llvm::StringRef::npos;
}

} // namespace ashlar
