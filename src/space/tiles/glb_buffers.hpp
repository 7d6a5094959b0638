// The binary part of a GLB file: views of values, compressed by meshoptimizer where that is asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cityloom::space {

/// glTF's numbers for component types and for what a view is bound to.
namespace gltf {
inline constexpr int int8 = 5120, uint8 = 5121, uint16 = 5123, uint32 = 5125, float32 = 5126;
inline constexpr int target_vertices = 34962, target_indices = 34963;
}  // namespace gltf

/// Collects views. Where they are compressed, each has its place in a second buffer too, which no file holds: that is
/// where a client without the extension would look.
class GlbBuffers {
 public:
  struct Compressed {  ///< where and how a view's bytes lie in the file
    size_t offset = 0;
    size_t length = 0;
    size_t count = 0;
    const char* mode = "";
  };
  struct View {  ///< as glTF has it; offset and length are of the unpacked bytes
    size_t offset = 0;
    size_t length = 0;
    size_t stride = 0;  ///< of one element; 0: not said
    int target = 0;
    std::optional<Compressed> compressed;
  };

  explicit GlbBuffers(bool is_compressed) : is_compressed_(is_compressed) {}

  /// Adds bytes as they are and gives the view's number. A view may not be empty: nothing becomes a zero byte.
  int add_bytes(std::string_view bytes);

  /// Adds elements of `stride` bytes, a multiple of four.
  int add_elements(std::string_view bytes, size_t stride, int target);

  /// Adds the corners of triangles, in two bytes each if the vertices are few enough.
  int add_indices(std::span<const uint32_t> indices, size_t vertex_count);

  const std::vector<View>& views() const { return views_; }
  const std::string& bytes() const { return bytes_; }
  /// Of the second buffer; 0 when nothing is compressed.
  size_t unpacked_bytes() const { return unpacked_bytes_; }

 private:
  int add_view(std::string_view packed, View view, const char* mode, size_t count);
  size_t append(std::string_view bytes);

  bool is_compressed_;
  std::string bytes_;
  size_t unpacked_bytes_ = 0;
  std::vector<View> views_;
};

/// The component type that `add_indices` chooses.
inline int index_component(size_t vertex_count) {
  return vertex_count < 65'535 ? gltf::uint16 : gltf::uint32;
}

}  // namespace cityloom::space
