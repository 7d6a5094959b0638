// Layers of what is drawn by the faces that the record states: bridges, tunnels, vegetation, water, roads and more.
#pragma once

#include <vector>

#include "space/city/body.hpp"
#include "space/tiles/layer.hpp"

namespace cityloom::space {

/// All types of city models beside buildings, by kind. An entity without a body is not drawn. The category of a feature
/// is the entity's type.
std::vector<Layer> body_layers();

/// Says in the last row's column "appearance" how a body looks that is drawn under it; of several the pictures count.
void tell_appearance(const Body& body, FeatureTable& table);

}  // namespace cityloom::space
