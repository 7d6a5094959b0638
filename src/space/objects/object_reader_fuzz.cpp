// Any text as a file of objects: read or refused with a reason; what is read is built or refused, within its bounds.
#include <cstdlib>

#include "space/objects/object_glb.hpp"
#include "space/objects/objects.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cityloom::space;
  const auto require = [](bool holds) {
    if (!holds) std::abort();
  };
  ObjectDeclarations declarations;
  const auto status = read_objects("fuzz.yaml", {reinterpret_cast<const char*>(data), size}, declarations);
  if (!status) {
    require(!status.error().what.empty());
    require(declarations.kinds.empty());
    return 0;
  }
  const ObjectLibrary library(declarations);
  for (const ObjectKind& kind : library.kinds()) {
    const ObjectValues values = default_values(kind);
    (void)size_of(kind, values);
    for (const int level : {0, 1}) {
      const auto mesh = library.mesh(kind, values, level);
      if (!mesh) continue;
      require(mesh->triangle_count() <= object_triangles_max);
      require(mesh->positions.size() == mesh->normals.size());
      for (const uint32_t index : mesh->indices) require(index < mesh->vertex_count());
      require(object_glb(kind, values, *mesh).starts_with("glTF"));
    }
  }
  return 0;
}
