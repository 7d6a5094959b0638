// Devices on a broker, by libmosquitto, which runs a worker of its own.
#include <mosquitto.h>

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "rehearsal/live.hpp"

namespace cityloom::rehearsal {
namespace {

constexpr int keep_alive_s = 30;
constexpr size_t under_way_max = 1'000;
constexpr auto patience = std::chrono::seconds(10);

class BrokerOutlet final : public Outlet {
 public:
  BrokerOutlet(const BrokerAddress& address, const std::string& client_id) : address_(address) {
    mosquitto_lib_init();
    client_ = mosquitto_new(client_id.c_str(), true, this);
    if (client_ == nullptr) return;
    mosquitto_connect_callback_set(
        client_, [](mosquitto*, void* self, int code) { static_cast<BrokerOutlet*>(self)->connected(code); });
    mosquitto_publish_callback_set(client_,
                                   [](mosquitto*, void* self, int) { static_cast<BrokerOutlet*>(self)->published(); });
  }
  ~BrokerOutlet() override {
    if (client_ != nullptr) {
      mosquitto_disconnect(client_);
      mosquitto_loop_stop(client_, true);
      mosquitto_destroy(client_);
    }
    mosquitto_lib_cleanup();
  }
  BrokerOutlet(const BrokerOutlet&) = delete;
  BrokerOutlet& operator=(const BrokerOutlet&) = delete;

  base::Status connect() {
    if (client_ == nullptr) return lost("out of memory");
    if (const int code = mosquitto_connect(client_, address_.host.c_str(), address_.port, keep_alive_s);
        code != MOSQ_ERR_SUCCESS) {
      return lost(mosquitto_strerror(code));
    }
    mosquitto_max_inflight_messages_set(client_, 100);
    if (mosquitto_loop_start(client_) != MOSQ_ERR_SUCCESS) return lost("no worker could be started");
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, patience, [&] { return is_connected_; })) return lost("it does not answer");
    return refused_ == 0 ? base::Status() : lost(mosquitto_connack_string(refused_));
  }

  base::Status send(const Message& message) override {
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait_for(lock, 6 * patience, [&] { return under_way_ < under_way_max; })) {
        return lost("nothing was acknowledged for a minute");
      }
      ++under_way_;
    }
    const int code = mosquitto_publish(client_, nullptr, message.topic.c_str(),
                                       static_cast<int>(message.payload.size()), message.payload.data(), 1, false);
    if (code == MOSQ_ERR_SUCCESS || code == MOSQ_ERR_NO_CONN) return {};  // kept until the connection is there again
    published();
    return lost(mosquitto_strerror(code));
  }

  base::Status finish() override {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, 3 * patience, [&] { return under_way_ == 0; }))
      return lost("the last messages were not acknowledged");
    return {};
  }

  Bundling bundling() const override { return Bundling::device; }

 private:
  base::Error lost(const std::string& why) const {
    return base::fail(base::Code::unavailable, "the broker takes nothing: " + why,
                      address_.host + ":" + std::to_string(address_.port),
                      "is it running there? (`mosquitto -p 1883 -v`)");
  }
  void connected(int code) {
    {
      const std::lock_guard lock(mutex_);
      is_connected_ = true;
      refused_ = code;
    }
    changed_.notify_all();
  }
  void published() {
    {
      const std::lock_guard lock(mutex_);
      --under_way_;
    }
    changed_.notify_all();
  }

  BrokerAddress address_;
  mosquitto* client_ = nullptr;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_connected_ = false;
  int refused_ = 0;
  size_t under_way_ = 0;
};

}  // namespace

base::Result<std::unique_ptr<Outlet>> connect_broker(const BrokerAddress& address, const std::string& client_id) {
  auto outlet = std::make_unique<BrokerOutlet>(address, client_id);
  if (base::Status status = outlet->connect(); !status) return status.error();
  return std::unique_ptr<Outlet>(std::move(outlet));
}

}  // namespace cityloom::rehearsal
