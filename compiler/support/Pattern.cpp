#include "compiler/support/Pattern.h"

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

bool matchesPart(llvm::StringRef pattern, llvm::StringRef name) {
  for (size_t end = name.find('.'); end != llvm::StringRef::npos; end = name.find('.', end + 1))
    if (matches(pattern, name.take_front(end)))
      return true;
  return matches(pattern, name);
}

} // namespace ashlar
