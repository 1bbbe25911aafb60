#include "compiler/spec/Parser.h"
#include "compiler/spec/Spec.h"
#include "compiler/support/Embedded.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

namespace ashlar {

static std::vector<llvm::StringRef> modelTypes(const EmbeddedFile &embedded) {
  Diagnostics silent(llvm::nulls());
  Errors errors(silent);
  spec::File file;
  if (!spec::Parser(silent.add(embedded.path, embedded.bytes), errors).head(file) || errors.any())
    internalError("the spec " + embedded.path + " inside the tool does not begin as a spec");
  std::vector<llvm::StringRef> types;
  for (llvm::StringRef type : file.modelTypes) // in the tool's own text, which outlives this
    types.push_back(
        embedded.bytes.substr(embedded.bytes.find(("\"" + type + "\"").str()) + 1, type.size()));
  return types;
}

std::optional<llvm::StringRef> findSpec(llvm::StringRef modelType, Diagnostics &diags) {
  std::vector<llvm::StringRef> known;
  for (const EmbeddedFile &embedded : embeddedFiles()) {
    if (!embedded.path.starts_with("specs/models/") || !embedded.path.ends_with(".ash"))
      continue;
    for (llvm::StringRef type : modelTypes(embedded)) {
      if (type == modelType)
        return diags.add(embedded.path, embedded.bytes);
      known.push_back(type);
    }
  }
  diags.error(Exit::BadInput, "",
              modelType.empty()
                  ? "the config names no model_type, by which a spec is found"
                  : "no spec is known for the model type \"" + modelType.str() + "\"");
  if (llvm::StringRef near = nearest(modelType, known); !near.empty())
    diags.note("did you mean \"" + near + "\"?");
  llvm::sort(known);
  diags.note("there are specs for " + llvm::join(known, ", ") +
             "; another one is named with --spec FILE");
  return std::nullopt;
}

} // namespace ashlar
