// The index of a sharded checkpoint: no other file is opened than those beside it, and what is read
// has each tensor once.
#include "tests/fuzz/Fuzz.h"

#include "compiler/checkpoint/Checkpoint.h"
#include "compiler/checkpoint/Index.h"

#include "llvm/Support/Endian.h"

using namespace ashlar;

/// A file of tensors of four bytes each.
static std::string shard(llvm::ArrayRef<llvm::StringRef> names) {
  std::string header = "{";
  for (size_t i = 0; i < names.size(); ++i)
    header += (i ? ",\"" : "\"") + names[i].str() +
              R"(":{"dtype":"F32","shape":[1],"data_offsets":[)" + std::to_string(4 * i) + "," +
              std::to_string(4 * i + 4) + "]}";
  header += "}";
  char prefix[8];
  llvm::support::endian::write64le(prefix, header.size());
  return std::string(prefix, 8) + header + std::string(4 * names.size(), '\0');
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static fuzz::Directory directory;
  static fuzz::File index, first, second;
  if (static bool once = false; !once) {
    once = true;
    first.hold(shard({"a", "b"}));
    second.hold(shard({"c"}));
    directory.add(IndexName.str(), index);
    directory.add("1.safetensors", first);
    directory.add("2.safetensors", second);
  }
  index.hold(fuzz::input(data, size));
  Checkpoint checkpoint;
  fuzz::Quiet quiet;
  if (!quiet.took(readIndexed(directory.path, checkpoint, quiet.diags)))
    return 0;
  for (const WeightFile &file : checkpoint.files)
    fuzz::require(file.path == directory.path + "/1.safetensors" ||
                      file.path == directory.path + "/2.safetensors",
                  "a file elsewhere was read", file.path);
  for (size_t i = 1; i < checkpoint.tensors.size(); ++i)
    fuzz::require(checkpoint.tensors[i - 1].name < checkpoint.tensors[i].name, "not sorted");
  return 0;
}
