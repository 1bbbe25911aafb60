#include "compiler/Front.h"

#include "compiler/support/Files.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

namespace ashlar {

/// The directory that holds config and tokenizer: MODEL itself, or where the one file lies.
static std::string directoryOf(const std::string &model, Entry entry) {
  if (entry == Entry::Directory)
    return model;
  llvm::StringRef parent = llvm::sys::path::parent_path(model);
  return parent.empty() ? "." : parent.str();
}

/// What a checkpoint says in code of its own must be said by a spec: checkpoint code is never run.
static std::optional<llvm::StringRef> specText(const Request &request, const Config &config,
                                               Diagnostics &diags) {
  std::optional<llvm::StringRef> text = request.spec.path.empty()
                                            ? findSpec(config.modelType(), diags)
                                            : readText(request.spec, MaxSpec, diags);
  std::string code = llvm::join(config.remoteCode(), ", ");
  if (code.empty())
    return text;
  if (text) {
    diags.warning(config.where("auto_map"), "the checkpoint comes with code of its own (" + code +
                                                "), which is never run here");
    diags.note("the spec must compute the same as that code");
  } else if (request.spec.path.empty()) {
    diags.note(config.where("auto_map"), "the model needs remote code (" + code +
                                             "), which is never run here: write a spec that "
                                             "computes the same");
  }
  return text;
}

std::optional<Sources> readSources(const Request &request, Diagnostics &diags) {
  std::optional<Entry> entry = entryAt(request.model, diags);
  if (!entry)
    return std::nullopt;
  if (entry == Entry::Nothing) {
    diags.error(Exit::InputOutput, request.model, "no such file or directory");
    diags.note("MODEL is a checkpoint directory with config.json and *.safetensors");
    return std::nullopt;
  }
  std::string directory = directoryOf(request.model, *entry);
  std::optional<Config> config = readConfig(directory, request.set, diags);
  if (!config)
    return std::nullopt;
  std::optional<llvm::StringRef> text = specText(request, *config, diags);
  if (!text)
    return std::nullopt;
  std::optional<spec::File> spec = parseSpec(*text, diags);
  if (!spec)
    return std::nullopt;
  std::optional<Checkpoint> checkpoint = readCheckpoint(request.model, diags);
  if (!checkpoint)
    return std::nullopt;
  return Sources{directory, std::move(*config), std::move(*spec), std::move(*checkpoint)};
}

} // namespace ashlar
