// https://github.com/KhronosGroup/glTF/tree/main/extensions/2.0/Vendor/EXT_meshopt_compression
#include "space/tiles/glb_buffers.hpp"

#include <meshoptimizer.h>

namespace cityloom::space {
namespace {

// Doubles may be viewed as such, so every view begins at a multiple of eight.
size_t aligned(size_t offset) {
  return (offset + 7) / 8 * 8;
}

}  // namespace

size_t GlbBuffers::append(std::string_view bytes) {
  bytes_.resize(aligned(bytes_.size()), '\0');
  const size_t offset = bytes_.size();
  bytes_.append(bytes);
  return offset;
}

int GlbBuffers::add_bytes(std::string_view bytes) {
  constexpr std::string_view zero("\0", 1);
  if (bytes.empty()) bytes = zero;
  View view;
  view.offset = append(bytes);
  view.length = bytes.size();
  views_.push_back(view);
  return static_cast<int>(views_.size() - 1);
}

int GlbBuffers::add_view(std::string_view packed, View view, const char* mode, size_t count) {
  view.offset = aligned(unpacked_bytes_);
  unpacked_bytes_ = view.offset + view.length;
  view.compressed = Compressed{append(packed), packed.size(), count, mode};
  views_.push_back(view);
  return static_cast<int>(views_.size() - 1);
}

int GlbBuffers::add_elements(std::string_view bytes, size_t stride, int target) {
  View view;
  view.stride = stride;
  view.target = target;
  if (!is_compressed_) {
    const int number = add_bytes(bytes);
    views_.back().stride = stride;
    views_.back().target = target;
    return number;
  }
  const size_t count = bytes.size() / stride;
  std::string packed(meshopt_encodeVertexBufferBound(count, stride), '\0');
  packed.resize(meshopt_encodeVertexBuffer(reinterpret_cast<unsigned char*>(packed.data()), packed.size(), bytes.data(),
                                           count, stride));
  view.length = bytes.size();
  return add_view(packed, view, "ATTRIBUTES", count);
}

int GlbBuffers::add_indices(std::span<const uint32_t> indices, size_t vertex_count) {
  const bool is_small = index_component(vertex_count) == gltf::uint16;
  View view;
  view.target = gltf::target_indices;
  if (is_compressed_) {
    std::string packed(meshopt_encodeIndexBufferBound(indices.size(), vertex_count), '\0');
    packed.resize(meshopt_encodeIndexBuffer(reinterpret_cast<unsigned char*>(packed.data()), packed.size(),
                                            indices.data(), indices.size()));
    view.length = indices.size() * (is_small ? 2 : 4);
    return add_view(packed, view, "TRIANGLES", indices.size());
  }
  const std::vector<uint16_t> small(indices.begin(), is_small ? indices.end() : indices.begin());
  const std::span<const char> bytes =
      is_small ? std::span<const char>(reinterpret_cast<const char*>(small.data()), small.size() * 2)
               : std::span<const char>(reinterpret_cast<const char*>(indices.data()), indices.size_bytes());
  const int number = add_bytes({bytes.data(), bytes.size()});
  views_.back().target = gltf::target_indices;
  return number;
}

}  // namespace cityloom::space
