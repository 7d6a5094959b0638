// The list of benchmarks: a new one is a file NAME_bench.cpp and a line here.
#include "bench/bench.hpp"
#include "bench/citymodels_bench.hpp"
#include "bench/http_bench.hpp"
#include "bench/hub_bench.hpp"
#include "bench/import_bench.hpp"
#include "bench/live_bench.hpp"
#include "bench/mqtt_bench.hpp"
#include "bench/record_bench.hpp"
#include "bench/rehearsal_bench.hpp"
#include "bench/sun_bench.hpp"
#include "bench/terrain_bench.hpp"
#include "bench/tiles_bench.hpp"

namespace cityloom::bench {

const std::vector<Benchmark>& all_benchmarks() {
  static const std::vector<Benchmark> list = {
      {"append", "durable facts of many writers against RocksDB alone", run_append},
      {"history", "regular series: bytes a point on disk, points read and averaged", run_history},
      {"aggregation", "a year of minutes put into days", run_aggregation},
      {"observations", "past observations loaded in bulk through the server, as lines and as a table", run_observations},
      {"retention", "a year of minutes in each of 20 series thinned to hours", run_retention},
      {"million", "a million entities: memory, a branch of them written to, opening again", run_million},
      {"subscriptions", "who hears of a change among 10,000 subscriptions", run_subscriptions},
      {"http", "an entity read and an attribute changed durably, against a fixed body", run_http},
      {"hub", "an entity of 1 KB created, read in each format, upserted in batches of 1,000", run_hub},
      {"hub-million", "a million entities, 10,000 subscriptions and registrations: queries, memory and start", run_hub_million},
      {"sources", "a query over 3 of 10,000 registered sources, against the slowest of them", run_sources},
      {"notify", "10,000 subscriptions, 5,000 updates a second, one endpoint in a hundred dead", run_notify},
      {"overload", "512 MB allowed and many times the load: stays up, health within a second", run_overload},
      {"soak", "half an hour of full load: memory does not grow after five minutes", run_soak},
      {"mqtt", "5,000 readings a second by MQTT for a minute: all durable, none lost", run_mqtt},
      {"live", "the same readings into a running server: what a console sees and how long its reads take", run_live},
      {"citymodels", "houses of LoD2 from CityGML and CityJSON to entities and tiles", run_citymodels},
      {"citymodels-large", "a CityGML file of 1 GB read, and brought into a record, in bounded memory",
       run_citymodels_large},
      {"import", "Jamsil and Monaco from files to the first tile of buildings", run_import},
      {"tiles", "a city of 100,000 buildings: tiled, tiles made, one building changed", run_tiles},
      {"tiles-million", "the same with a million buildings", run_tiles_million},
      {"terrain", "a degree of SRTM: imported, heights asked, tiles made", run_terrain},
      {"sun", "a day of sun over a million cells, against GRASS r.sun", run_sun},
      {"rehearsal", "an invented city of 100,000 buildings made, recorded and tiled; its day lived", run_rehearsal},
      {"rehearsal-million", "the same of a million buildings, without the day", run_rehearsal_million},
  };
  return list;
}

}  // namespace cityloom::bench
