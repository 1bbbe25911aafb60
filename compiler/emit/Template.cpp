#include "compiler/emit/Template.h"

#include "compiler/support/Diagnostics.h"
#include "compiler/support/Embedded.h"

#include <set>

namespace ashlar {

std::string fill(llvm::StringRef skeleton, const std::map<std::string, std::string> &values) {
  const EmbeddedFile *file = findEmbedded(("templates/source/" + skeleton).str());
  if (!file)
    internalError("no skeleton " + skeleton);
  std::string result;
  std::set<std::string> used;
  llvm::StringRef rest = file->bytes;
  while (true) {
    auto [before, after] = rest.split('$');
    result += before;
    if (before.size() == rest.size())
      break;
    auto [name, behind] = after.split('$');
    rest = behind;
    if (name.empty()) {
      result += '$';
      continue;
    }
    auto value = values.find(name.str());
    if (value == values.end())
      internalError("skeleton " + skeleton + " has an unknown hole '" + name + "'");
    result += value->second;
    used.insert(name.str());
  }
  for (auto &[name, value] : values)
    if (!used.count(name))
      internalError("skeleton " + skeleton + " has no hole '" + name + "'");
  return result;
}

} // namespace ashlar
