# ashlar_embed(<output.cpp> <path>...) writes the C++ file that defines what Embedded.h declares.
#
# The paths are relative to the source tree or, for what the build makes, to the build tree, and
# the assembler is told to look in both: the text names no folder of this machine. It depends on
# the names alone and changes with them; when contents change, OBJECT_DEPENDS has the same text
# assembled again.
function(ashlar_embed output)
  set(paths ${ARGN})
  list(FILTER paths EXCLUDE REGEX "(^|/)\\.") # what editors leave behind
  list(SORT paths)

  set(data "")
  set(symbols "")
  set(rows "")
  set(files "")
  set(index 0)
  foreach(path ${paths})
    string(APPEND data "file${index}: .incbin \"${path}\"\nend${index}: .byte 0\n")
    string(APPEND symbols "HIDDEN extern const char file${index}[], end${index}[];\n")
    string(APPEND rows "      {\"${path}\", {file${index}, size_t(end${index} - file${index})}},\n")
    if(EXISTS ${PROJECT_SOURCE_DIR}/${path})
      list(APPEND files ${PROJECT_SOURCE_DIR}/${path})
    else()
      list(APPEND files ${PROJECT_BINARY_DIR}/${path})
    endif()
    math(EXPR index "${index} + 1")
  endforeach()

  file(CONFIGURE OUTPUT ${output} @ONLY CONTENT [[
// Written by compiler/support/Embed.cmake.
#include "compiler/support/Embedded.h"

// A zero that is not counted follows each file, for readers that want one at the end of a text.
asm(R"(
.pushsection .rodata.embedded,"a",@progbits
@data@.popsection
)");

#define HIDDEN __attribute__((visibility("hidden")))
extern "C" {
@symbols@}

namespace ashlar {

llvm::ArrayRef<EmbeddedFile> embeddedFiles() {
  static const EmbeddedFile files[] = {
@rows@  };
  return files;
}

const EmbeddedFile *findEmbedded(llvm::StringRef path) {
  for (const EmbeddedFile &file : embeddedFiles())
    if (file.path == path)
      return &file;
  return nullptr;
}

} // namespace ashlar
]])
  set_source_files_properties(${output} PROPERTIES
    OBJECT_DEPENDS "${files}"
    COMPILE_OPTIONS "-Wa,-I${PROJECT_SOURCE_DIR};-Wa,-I${PROJECT_BINARY_DIR}")
endfunction()
