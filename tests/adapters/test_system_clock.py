from datetime import UTC

from gcp_deploy.adapters.clock import SystemClock


def test_the_real_clock_is_aware_and_goes_forward():
    clock = SystemClock()
    assert clock.now().tzinfo is UTC
    first = clock.monotonic()
    clock.sleep(0)
    assert clock.monotonic() >= first
