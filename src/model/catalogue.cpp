#include "model/catalogue.hpp"

#include <algorithm>

namespace cityloom::model {

const std::vector<Model>& known_models() {
  static const std::vector<Model> models{
      flood::flood_model(),    sun::sun_model(),         traffic::traffic_model(),           series::forecast_model(),
      series::anomaly_model(), scores::decision_model(), assimilation::filter_trial_model(), echo_model()};
  return models;
}

const Model* find_model(std::string_view id) {
  const auto& models = known_models();
  const auto found = std::ranges::find_if(models, [&](const Model& model) { return model.declaration.id == id; });
  return found == models.end() ? nullptr : &*found;
}

}  // namespace cityloom::model
