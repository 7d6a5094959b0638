// The table of layers.
#include "space/tiles/body_layers.hpp"
#include "space/tiles/building_layer.hpp"

namespace cityloom::space {

const std::vector<Layer>& all_layers() {
  static const std::vector<Layer> layers = [] {
    std::vector<Layer> all = body_layers();
    all.insert(all.begin(), building_layer());
    return all;
  }();
  return layers;
}

}  // namespace cityloom::space
