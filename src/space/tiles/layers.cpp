// The table of layers.
#include "space/tiles/building_layer.hpp"

namespace cityloom::space {

const std::vector<Layer>& all_layers() {
  static const std::vector<Layer> layers{building_layer()};
  return layers;
}

}  // namespace cityloom::space
