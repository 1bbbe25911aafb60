#include "compiler/Driver.h"
#include "compiler/checkpoint/Checkpoint.h"
#include "compiler/pack/Pack.h"
#include "compiler/support/Files.h"

#include "llvm/Support/Path.h"

namespace ashlar {

static void inspect(const std::string &path, bool json, llvm::raw_ostream &out,
                    Diagnostics &diags) {
  std::optional<Entry> entry = entryAt(path, diags);
  if (!entry)
    return;
  if (entry == Entry::Directory || llvm::StringRef(path).ends_with(".safetensors")) {
    std::optional<Checkpoint> checkpoint = readCheckpoint(path, diags);
    if (checkpoint)
      json ? printJson(*checkpoint, out) : print(*checkpoint, out);
  } else if (inspectPack(path, json, out, diags) == Inspected::NoPack &&
             !refuseFormat(path, llvm::sys::path::filename(path), diags)) {
    diags.error(Exit::BadInput, path, "is no checkpoint, pack or app");
    diags.note("a checkpoint is a directory or a .safetensors file; a pack or an app ends with "
               "a pack's trailer (strip removes it)");
  }
}

Exit inspectCommand(llvm::ArrayRef<std::string> paths, bool json, Diagnostics &diags) {
  for (const std::string &path : paths) {
    std::string text;
    llvm::raw_string_ostream out(text);
    inspect(path, json, out, diags);
    if (paths.size() > 1 && !text.empty())
      text = path + ":\n" + text;
    if (!text.empty() && !writeFile("-", text, diags))
      break;
  }
  return diags.exit();
}

} // namespace ashlar
